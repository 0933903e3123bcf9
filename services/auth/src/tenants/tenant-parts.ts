/** What auth's module needs for tenants: their owners, and those who operate the platform. */
import { LimitsController } from '../limits/limits.controller.js';
import { ManageLimits } from '../limits/manage-limits.js';
import { ManageOwners } from '../owners/manage-owners.js';
import { OwnersController } from '../owners/owners.controller.js';
import { CreateTenant } from './create-tenant.js';
import { EraseTenant } from './erase-tenant.js';
import { ErasureSaga } from './erasure-saga.js';
import { OperateTenants } from './operate-tenants.js';
import { SuspendTenant } from './suspend-tenant.js';
import { TenantsController } from './tenants.controller.js';

export const tenantControllers = [LimitsController, OwnersController, TenantsController];

export const tenantProviders = [
  CreateTenant,
  EraseTenant,
  ErasureSaga,
  ManageLimits,
  ManageOwners,
  OperateTenants,
  SuspendTenant,
];
