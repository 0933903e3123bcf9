import { auth, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { ExchangeCredential } from './exchange-credential.js';

@Controller()
export class CredentialsController {
  constructor(private readonly exchangeCredential: ExchangeCredential) {}

  @Handles(auth.exchangeCredential)
  exchange(_ctx: RequestContext, request: RequestOf<typeof auth.exchangeCredential>) {
    return this.exchangeCredential.run(request);
  }
}
