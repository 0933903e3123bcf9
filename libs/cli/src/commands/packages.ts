import { marketplace } from '@conclave/contracts';
import type { Group } from '../command.js';
import { installations, packages } from '../nouns/work.js';
import { named, word } from '../operations/field.js';
import { listing, operation } from '../operations/operation.js';

export const packagesGroup: Group = {
  name: 'packages',
  summary: 'find, install and remove panels',
  commands: [
    listing(packages, ['packages'], { options: [word('search', 'a part of the name or title', { value: 'TEXT' })] }),
    operation(marketplace.getPackage, {
      name: 'show',
      operands: [word('name', '', { name: 'PACKAGE', required: true })],
    }),
    listing(installations, ['packages'], { name: 'installed', summary: 'list what is installed' }),
    operation(marketplace.installPackage, {
      name: 'install',
      operands: [word('package', '', { name: 'PACKAGE', required: true })],
      options: [word('version', 'which release (default: the latest)')],
      gives: installations,
    }),
    operation(marketplace.uninstallPackage, {
      name: 'uninstall',
      operands: [named('id', installations, '', { name: 'PACKAGE', required: true })],
      gives: installations,
    }),
  ],
};
