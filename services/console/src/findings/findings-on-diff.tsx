import { runtime, type Finding } from '@conclave/contracts';
import { Chip, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { ask } from '../api/queries.js';
import { Icon } from '../design/icon.js';
import { Waiting } from '../design/page.js';
import { Panel } from '../design/panel.js';
import { Refusal } from '../design/refusal.js';
import { severityLooks } from '../design/tones.js';
import { FileDiff } from './file-diff.js';
import { numbered, viewsOf, type FileView, type NumberedFinding } from './file-views.js';
import { FindingList, showFinding } from './finding-list.js';
import classes from './findings-on-diff.module.css';

type Severity = Finding['severity'];
const severities = Object.keys(severityLooks) as Severity[];

/** The change with what was found, line by line, and all findings by file beside it. */
export function FindingsOnDiff({ run, findings }: { readonly run: string; readonly findings: readonly Finding[] }) {
  const diff = useQuery({ ...ask(runtime.getRunDiff, { id: run }), staleTime: Infinity });
  const [shown, setShown] = useState<string[]>(severities);
  const visible = useMemo(
    () => numbered(findings).filter(({ severity }) => shown.includes(severity)),
    [findings, shown],
  );
  const views = useMemo(() => diff.data && viewsOf(diff.data.files, visible), [diff.data, visible]);
  useEffect(() => {
    const number = /^#finding-(\d+)$/.exec(location.hash)?.[1];
    if (diff.data && number !== undefined) showFinding(Number(number));
  }, [diff.data]);

  if (diff.error) return <Refusal error={diff.error} onRetry={() => void diff.refetch()} />;
  if (!views || !diff.data) return <Waiting rows={4} height={72} />;
  const count = (severity: Severity): number => findings.filter((finding) => finding.severity === severity).length;
  return (
    <Panel
      title="Findings on the change"
      note={`${counted(findings.length, 'finding')} in ${counted(diff.data.files.length, 'changed file')}`}
      aside={
        <Chip.Group multiple value={shown} onChange={setShown}>
          <Group gap={6} role="group" aria-label="Severities shown">
            {severities
              .filter((severity) => count(severity) > 0)
              .map((severity) => (
                <Chip
                  key={severity}
                  value={severity}
                  size="xs"
                  variant="light"
                  color="gray"
                  icon={<Icon name={severityLooks[severity].icon} size={11} weight={2.5} />}
                >
                  {counted(count(severity), severityLooks[severity].word.toLowerCase())}
                </Chip>
              ))}
          </Group>
        </Chip.Group>
      }
    >
      <div className={classes['sides']} data-plain={findings.length === 0 || undefined}>
        {findings.length > 0 && (
          <nav aria-label="Findings by file" className={classes['list']}>
            <FindingList findings={inOrderOf(views, visible)} hrefOf={(number) => `#finding-${number}`} />
          </nav>
        )}
        <Stack gap="sm" miw={0}>
          {views.map((view) => (
            <FileDiff key={view.path} view={view} cut={diff.data.truncated} />
          ))}
          {diff.data.truncated && (
            <Text size="sm" c="dimmed">
              The change is longer than what is shown here. The panel judged all of it.
            </Text>
          )}
        </Stack>
      </div>
    </Panel>
  );
}

const counted = (n: number, noun: string): string => `${n === 0 ? 'No' : n} ${noun}${n === 1 ? '' : 's'}`;

const inOrderOf = (views: readonly FileView[], findings: readonly NumberedFinding[]): readonly NumberedFinding[] =>
  views.flatMap((view) => findings.filter(({ path }) => path === view.path));
