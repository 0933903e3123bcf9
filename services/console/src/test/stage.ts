/** What every test in a browser begins with: a world of its own, an edge that serves it, and a page as good as new. */
import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { openDesk, renew, type Desk } from './browser.js';
import { FakeEdge } from './fake-edge.js';
import { newWorld, type World } from './world.js';

/** Of the test that runs. */
export interface Scene {
  page: Page;
  world: World;
  edge: FakeEdge;
}

export interface Stage {
  readonly scene: Scene;
  readonly button: (name: string | RegExp, exact?: boolean) => Locator;
  readonly dialog: () => Locator;
  readonly row: (name: RegExp) => Locator;
  readonly lastWrite: () => FakeEdge['writes'][number] | undefined;
}

/** Sets the stage for the tests of a `describe`; what went wrong in the page fails the test. */
export function setStage(): Stage {
  const scene = {} as Scene;
  let desk: Desk | undefined;
  beforeAll(async () => {
    desk = await openDesk();
    scene.page = desk.watched.page;
  });
  afterAll(() => desk?.close());
  beforeEach(async () => {
    scene.world = await newWorld();
    await renew(desk!);
    scene.edge = new FakeEdge(scene.world, desk!.server, desk!.consoleDir);
  });
  afterEach(() => {
    scene.edge.close();
    expect(desk!.watched.faults).toEqual([]);
  });
  return {
    scene,
    button: (name, exact = false) => scene.page.getByRole('button', { name, exact }),
    dialog: () => scene.page.getByRole('dialog'),
    row: (name) => scene.page.getByRole('row', { name }),
    lastWrite: () => scene.edge.writes.at(-1),
  };
}
