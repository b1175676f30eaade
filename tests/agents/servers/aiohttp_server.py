from aiohttp import web


async def ping(request):
    return web.json_response({"status": "Healthy"})


async def invoke(request):
    return web.json_response({"payload": await request.json(), "client": request.remote})


app = web.Application()
app.add_routes([web.get("/ping", ping), web.post("/invocations", invoke)])

if __name__ == "__main__":
    web.run_app(app, port=8080)
