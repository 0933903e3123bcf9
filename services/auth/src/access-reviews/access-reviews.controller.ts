import { accessReviews, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { ReviewAccess } from './review-access.js';

@Controller()
export class AccessReviewsController {
  constructor(private readonly reviews: ReviewAccess) {}

  @Handles(accessReviews.createAccessReview)
  create(ctx: RequestContext, request: RequestOf<typeof accessReviews.createAccessReview>) {
    return this.reviews.create(ctx, request);
  }

  @Handles(accessReviews.listAccessReviews)
  list(ctx: RequestContext, request: RequestOf<typeof accessReviews.listAccessReviews>) {
    return this.reviews.list(ctx, request);
  }

  @Handles(accessReviews.getAccessReview)
  get(ctx: RequestContext, request: RequestOf<typeof accessReviews.getAccessReview>) {
    return this.reviews.get(ctx, request);
  }

  @Handles(accessReviews.listAccessReviewItems)
  items(ctx: RequestContext, request: RequestOf<typeof accessReviews.listAccessReviewItems>) {
    return this.reviews.items(ctx, request);
  }

  @Handles(accessReviews.decideAccess)
  decide(ctx: RequestContext, request: RequestOf<typeof accessReviews.decideAccess>) {
    return this.reviews.decide(ctx, request);
  }

  @Handles(accessReviews.closeAccessReview)
  close(ctx: RequestContext, request: RequestOf<typeof accessReviews.closeAccessReview>) {
    return this.reviews.close(ctx, request);
  }

  @Handles(accessReviews.getAccessReviewReport)
  report(ctx: RequestContext, request: RequestOf<typeof accessReviews.getAccessReviewReport>) {
    return this.reviews.report(ctx, request);
  }
}
