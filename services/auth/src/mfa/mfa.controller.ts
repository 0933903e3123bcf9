import { mfa, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { BeginTotp } from './begin-totp.js';
import { GetFactors } from './get-factors.js';
import { MfaPolicy } from './mfa-policy.js';
import { RemoveTotp } from './remove-totp.js';
import { ReplaceRecoveryCodes } from './replace-recovery-codes.js';

@Controller()
export class MfaController {
  constructor(
    private readonly getFactors: GetFactors,
    private readonly beginTotp: BeginTotp,
    private readonly removeTotp: RemoveTotp,
    private readonly replaceCodes: ReplaceRecoveryCodes,
    private readonly policy: MfaPolicy,
  ) {}

  @Handles(mfa.getFactors)
  get(ctx: RequestContext) {
    return this.getFactors.run(ctx);
  }

  @Handles(mfa.beginTotp)
  begin(ctx: RequestContext) {
    return this.beginTotp.run(ctx);
  }

  @Handles(mfa.removeTotp)
  remove(ctx: RequestContext) {
    return this.removeTotp.run(ctx);
  }

  @Handles(mfa.replaceRecoveryCodes)
  replace(ctx: RequestContext) {
    return this.replaceCodes.run(ctx);
  }

  @Handles(mfa.getMfaPolicy)
  readPolicy(ctx: RequestContext) {
    return this.policy.read(ctx);
  }

  @Handles(mfa.putMfaPolicy)
  putPolicy(ctx: RequestContext, request: RequestOf<typeof mfa.putMfaPolicy>) {
    return this.policy.put(ctx, request);
  }
}
