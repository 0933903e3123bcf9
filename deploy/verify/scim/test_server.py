"""Asks a SCIM server all that scim2-tester knows: BASE and TOKEN from the environment, one line a check, 1 when one fails."""

import os
import sys

import httpx2
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

session = httpx2.Client(base_url=os.environ["BASE"], headers={"Authorization": f"Bearer {os.environ['TOKEN']}"}, timeout=30)
client = SyncSCIMClient(session)
client.discover()
results = check_server(client)
for result in results:
    print(result.status.name, result.title, result.reason or "")
failed = [result for result in results if result.status in (Status.ERROR, Status.CRITICAL)]
print(f"{len(results) - len(failed)} of {len(results)} checks passed")
sys.exit(1 if failed else 0)
