import { directories, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { KeepDirectory } from './keep-directory.js';
import { Readings } from './readings.js';

@Controller()
export class DirectoriesController {
  constructor(
    private readonly directory: KeepDirectory,
    private readonly readings: Readings,
  ) {}

  @Handles(directories.putDirectory)
  put(ctx: RequestContext, request: RequestOf<typeof directories.putDirectory>) {
    return this.soon(this.directory.put(ctx, request));
  }

  @Handles(directories.getDirectory)
  get(ctx: RequestContext, request: RequestOf<typeof directories.getDirectory>) {
    return this.directory.get(ctx, request);
  }

  @Handles(directories.deleteDirectory)
  delete(ctx: RequestContext, request: RequestOf<typeof directories.deleteDirectory>) {
    return this.directory.delete(ctx, request);
  }

  @Handles(directories.readDirectory)
  read(ctx: RequestContext, request: RequestOf<typeof directories.readDirectory>) {
    return this.soon(this.directory.ask(ctx, request));
  }

  /** What is due by now need not wait for the next round. */
  private async soon<T>(work: Promise<T>): Promise<T> {
    const done = await work;
    void this.readings.rounds.run();
    return done;
  }
}
