// The script of the console: a token, a purpose and a language for GraphiQL. Everything is in memory only: nothing is
// written to the storage of the browser, and no other host is contacted.

'use strict';

(() => {
  const element = (id) => document.getElementById(id);
  const status = element('status');
  const samples = element('sample');
  const first = samples.options[1];

  let token = '';
  let root;

  // GraphiQL stores its tabs and settings here instead of in the browser.
  const memory = new Map();
  const storage = {
    getItem: (key) => memory.get(key) ?? null,
    setItem: (key, value) => void memory.set(key, String(value)),
    removeItem: (key) => void memory.delete(key),
    clear: () => memory.clear(),
    get length() {
      return memory.size;
    },
  };

  function show(text, isError = false) {
    status.textContent = text;
    status.classList.toggle('is-error', isError);
  }

  async function send(path, options) {
    try {
      return await fetch(path, { cache: 'no-store', credentials: 'omit', method: 'POST', ...options });
    } catch (error) {
      show(`Không kết nối được dịch vụ. The service cannot be reached (${error.message}).`, true);
      throw error;
    }
  }

  // Sends one GraphQL request with the headers that the bar selects.
  async function ask(parameters) {
    const headers = {
      Accept: 'application/graphql-response+json, application/json;q=0.9',
      'Accept-Language': element('language').value,
      Authorization: `Bearer ${token}`,
      'Content-Type': 'application/json',
    };
    if (element('purpose').value) headers['X-Purpose'] = element('purpose').value;
    const response = await send('graphql', { headers, body: JSON.stringify(parameters) });
    const answer = await response.json();
    const id = response.headers.get('X-Request-Id');
    const message = response.ok ? '' : (answer.errors?.[0]?.message ?? '');
    show(`${response.status} · X-Request-Id: ${id} ${message}`, !response.ok);
    return answer;
  }

  function render(query) {
    const { React, ReactDOM, GraphiQL } = window;
    root ??= ReactDOM.createRoot(element('graphiql'));
    const properties = {
      fetcher: ask,
      storage,
      query,
      defaultQuery: first.value,
      isHeadersEditorEnabled: false,
      shouldPersistHeaders: false,
      showPersistHeadersSettings: false,
    };
    ReactDOM.flushSync(() => root.render(React.createElement(GraphiQL, properties)));
  }

  function use(text) {
    token = text.trim();
    show('Đã nhận mã truy cập. The token will be sent with each request.');
    if (!root) render();
  }

  element('pasted').addEventListener('submit', (event) => {
    event.preventDefault();
    use(element('token').value);
    element('token').value = '';
  });

  // Only the demo has this form.
  element('credentials')?.addEventListener('submit', async (event) => {
    event.preventDefault();
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: element('client').value.trim(),
      client_secret: element('secret').value.trim(),
    });
    const response = await send('oauth/token', { body });
    const answer = await response.json();
    if (!response.ok) return show(`${response.status} · ${answer.error}: ${answer.error_description}`, true);
    element('secret').value = '';
    use(answer.access_token);
  });

  samples.addEventListener('change', () => {
    const chosen = samples.selectedOptions[0];
    samples.selectedIndex = 0;
    if (!chosen.value) return;
    if (chosen.dataset.purpose) element('purpose').value = chosen.dataset.purpose;
    if (!root) return show('Hãy nhập mã truy cập trước. Enter a token first.', true);
    // A sample that is chosen again is a change too.
    render();
    render(chosen.value);
  });
})();
