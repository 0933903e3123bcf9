#!/usr/bin/env node
/** Writes docs/state-machines.md from the tables (`node libs/run-core/bin/generate.mjs`). */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decisionDiagram } from '../../consensus-core/dist/index.js';
import { stateMachinesPage } from '../dist/state-machines.js';

writeFileSync(join(import.meta.dirname, '../../../docs/state-machines.md'), stateMachinesPage(decisionDiagram()));
