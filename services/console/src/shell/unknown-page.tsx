import { Button } from '@mantine/core';
import { NothingHere } from '../design/nothing-here.js';
import { Page } from '../design/page.js';
import { Panel } from '../design/panel.js';
import { Link } from '../routing/router.js';

/** For addresses that lead nowhere. */
export function UnknownPage() {
  return (
    <Page title="No such page">
      <Panel>
        <NothingHere icon="search" title="There is nothing at this address">
          <Button component={Link} to="/runs" variant="default">
            To the runs
          </Button>
        </NothingHere>
      </Panel>
    </Page>
  );
}
