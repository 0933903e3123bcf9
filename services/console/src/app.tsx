import { auth } from '@conclave/contracts';
import { MantineProvider, useMantineColorScheme } from '@mantine/core';
import { setNonce } from 'get-nonce';
import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { Suspense, useEffect } from 'react';
import { theme, variables } from './design/theme.js';
import { Waiting } from './design/page.js';
import { readIn } from './design/time.js';
import { FaultBoundary } from './shell/fault-boundary.js';
import { navigate, useAddress } from './routing/router.js';
import { pageAt } from './routing/routes.js';
import { Shell } from './shell/shell.js';
import { factorsOf } from './sign-in/late-proof.js';
import { NoEntryPage } from './sign-in/no-entry-page.js';
import { SecondFactorPage } from './sign-in/second-factor-page.js';
import { SignInPage } from './sign-in/sign-in-page.js';
import { WelcomePage } from './sign-in/welcome-page.js';
import { StepUpDialog } from './sign-in/step-up-dialog.js';
import { isPending, isSignedOut, lookAgain, useMe } from './sign-in/use-me.js';

/** The client already tries again what can pass; a sign-in that ended shows at whichever request comes first. */
const queries: QueryClient = new QueryClient({
  defaultOptions: { queries: { retry: false, staleTime: 2_000 } },
  queryCache: new QueryCache({
    onError: (error, query) => {
      if ((isSignedOut(error) || isPending(error)) && query.queryKey[0] !== auth.getMe.subject) void lookAgain(queries);
    },
  }),
});

/** With which the page may have styles of its own; dialogs, which keep the page from scrolling, ask for it elsewhere. */
const nonceOfPage = (): string => document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';
setNonce(nonceOfPage());

/** The console. */
export function App() {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      defaultColorScheme="auto"
      getStyleNonce={nonceOfPage}
    >
      <QueryClientProvider client={queries}>
        <FaultBoundary>
          <Inside />
        </FaultBoundary>
      </QueryClientProvider>
    </MantineProvider>
  );
}

function Inside() {
  const me = useMe();
  const { path } = useAddress();
  const { setColorScheme } = useMantineColorScheme();
  useEffect(() => {
    if (path === '/') navigate('/runs', 'replace');
  }, [path]);

  const preferences = me.data?.preferences;
  useEffect(() => {
    readIn(preferences?.timeZone);
    const theme = preferences?.theme;
    if (theme === 'auto' || theme === 'light' || theme === 'dark') setColorScheme(theme);
  }, [preferences?.timeZone, preferences?.theme, setColorScheme]);

  if (path === '/welcome') return <WelcomePage />;
  if (isSignedOut(me.error)) return <SignInPage ended={me.data !== undefined} />;
  if (isPending(me.error)) return <SecondFactorPage factors={factorsOf(me.error)} />;
  if (me.data === undefined)
    return me.error ? <NoEntryPage error={me.error} onRetry={() => void me.refetch()} /> : null;
  const { Page, params } = pageAt(path);
  return (
    <Shell me={me.data}>
      <StepUpDialog />
      <FaultBoundary key={path}>
        <Suspense fallback={<Waiting />}>
          <Page key={path} params={params} />
        </Suspense>
      </FaultBoundary>
    </Shell>
  );
}
