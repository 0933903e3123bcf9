/** What auth's module needs for tenants: their owners, how people see them, and those who operate the platform. */
import { BrandTenant } from '../branding/brand-tenant.js';
import { BrandingController } from '../branding/branding.controller.js';
import { LimitsController } from '../limits/limits.controller.js';
import { ManageLimits } from '../limits/manage-limits.js';
import { ChangeMe } from '../members/change-me.js';
import { ProfileController } from '../members/profile.controller.js';
import { ManageOwners } from '../owners/manage-owners.js';
import { OwnersController } from '../owners/owners.controller.js';
import { CreateTenant } from './create-tenant.js';
import { EraseTenant } from './erase-tenant.js';
import { ErasureSaga } from './erasure-saga.js';
import { OperateTenants } from './operate-tenants.js';
import { SuspendTenant } from './suspend-tenant.js';
import { TenantsController } from './tenants.controller.js';

export const tenantControllers = [
  BrandingController,
  LimitsController,
  OwnersController,
  ProfileController,
  TenantsController,
];

export const tenantProviders = [
  BrandTenant,
  ChangeMe,
  CreateTenant,
  EraseTenant,
  ErasureSaga,
  ManageLimits,
  ManageOwners,
  OperateTenants,
  SuspendTenant,
];
