wrk.method = "POST"
wrk.body = '{"prompt": "hi"}'
