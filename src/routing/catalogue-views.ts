import { Injectable } from '@nestjs/common';
import type { Offer, StepWish } from '../conversion/provider.js';
import { Registry, type RegisteredProvider } from '../providers/registry.js';
import { offerOf, shippedView, type ProviderView } from './catalogue-view.js';

/** What this process knows of every provider's catalogue right now. Who reads never waits; who loads puts a new view in place. */
@Injectable()
export class CatalogueViews {
  private readonly views: Map<string, ProviderView>;

  constructor(private readonly registry: Registry) {
    this.views = new Map(registry.all().map(({ id, guarded }) => [id, shippedView(guarded.inner)]));
  }

  of(provider: string): ProviderView {
    const view = this.views.get(provider);
    if (view === undefined) throw new Error(`no provider ${provider}`);
    return view;
  }

  put(provider: string, view: Partial<ProviderView>): void {
    this.views.set(provider, { ...this.of(provider), ...view });
  }

  offer({ id, guarded }: RegisteredProvider, wish: StepWish): Offer {
    return offerOf(this.of(id), guarded.inner, wish);
  }

  /** Every provider, in the order that settles ties. */
  ids(): readonly string[] {
    return this.registry.ids();
  }
}
