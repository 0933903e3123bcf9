/**
 * The process `up` leaves behind: brings everything up, and again on SIGHUP; ends everything on SIGTERM. Which call of
 * `up` it serves stands in a file beside its status.
 */
import { writeJson } from '../json-file.js';
import { stateDir } from '../paths.js';
import { record } from '../processes/records.js';
import { recordsDirOf } from '../stores/local-store.js';
import { readRequest, installation, buildHash } from './installation.js';
import { Supervisor } from './supervisor.js';

const GATEWAY_PORT = 4680;
const home = installation(stateDir);

record(recordsDirOf(home.dataDir), 'supervisor', process.pid);
const supervisor = new Supervisor({
  ...home,
  outer: process.env,
  build: buildHash(process.env),
  gatewayPort: GATEWAY_PORT,
  onStatus: (status) => writeJson(home.statusFile, status),
});

let wasUp = false;
const bring = () => {
  const request = readRequest(home);
  supervisor.bring(request).then(
    () => (wasUp = true),
    () => (wasUp || readRequest(home) !== request ? undefined : stop(1)), // somebody asked again: that call is served
  );
};
const stop = (code: number) => {
  supervisor.stop().then(
    () => process.exit(code),
    () => process.exit(1),
  );
};

process.on('SIGHUP', bring);
process.on('SIGTERM', () => stop(0));
process.on('SIGINT', () => stop(0));
bring();
