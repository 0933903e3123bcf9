/** What auth's module needs to read people from providers. */
import { DirectoriesController } from './directories.controller.js';
import { KeepDirectory } from './keep-directory.js';
import { ReadPeople } from './read-people.js';
import { Readings } from './readings.js';

export const directoryControllers = [DirectoriesController];

export const directoryProviders = [KeepDirectory, ReadPeople, Readings];
