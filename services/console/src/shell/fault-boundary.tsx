import { Component, type ReactNode } from 'react';
import { Refusal } from '../design/refusal.js';

/** Keeps a fault of one part of the console from blanking the rest; trying again draws it anew. */
export class FaultBoundary extends Component<{ readonly children: ReactNode }, { readonly fault?: unknown }> {
  override state: { readonly fault?: unknown } = {};

  static getDerivedStateFromError(fault: unknown): { readonly fault: unknown } {
    return { fault };
  }

  override render(): ReactNode {
    if (!('fault' in this.state)) return this.props.children;
    return <Refusal error={this.state.fault} onRetry={() => globalThis.location.reload()} />;
  }
}
