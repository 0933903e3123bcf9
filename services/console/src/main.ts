import './zod-without-eval.js';
import '@fontsource-variable/inter/wght.css';
import '@fontsource-variable/jetbrains-mono/wght.css';
import '@mantine/core/styles.css';
import './design/tokens.css';
import { createElement, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.js';
import { takeUpSignIn } from './sign-in/arrival.js';

const show = (): void =>
  createRoot(document.getElementById('console')!).render(createElement(StrictMode, null, createElement(App)));

takeUpSignIn().then(show, show);
