"""/ : the stories, and what moved today."""

from typing import Any

from litestar import Request, get
from litestar.response import Template

from monitor.model.instant import DAY
from monitor.views.timeline import timeline
from monitor.web.chart import until
from monitor.web.desk import TheDesk
from monitor.web.page import page

NEWEST = 2
"""Posts shown of each story."""
AMONG = 12
"""Of the posts flagged last: after an import those are not the newest by date."""


@get("/", include_in_schema=False)
async def stories(request: Request[Any, Any, Any], desk: TheDesk) -> Template:
    counts = await desk.store.findings.count()
    titles = {story.id: story.title for story in desk.settings.stories}
    rows = []
    for story in [*titles, *sorted(counts.keys() - titles.keys())]:
        by_hour = until(desk.now, await desk.volumes.of(story))
        today = sum(count for hour, count in by_hour.items() if hour > desk.now - DAY)
        newest = (await timeline(desk.store, desk.settings, story, limit=AMONG)).moments if counts.get(story) else ()
        rows.append(
            {
                "id": story,
                "title": titles.get(story, story),
                "in_force": story in titles,
                "matches": sum(by_hour.values()),
                "today": today,
                "by_hour": by_hour,
                "newest": newest[-NEWEST:],
            }
        )
    return await page(request, "stories.html", rows=rows)
