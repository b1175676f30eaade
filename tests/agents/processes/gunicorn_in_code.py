import sys

from app import app as asgi_app
from flask_app import app as wsgi_app
from gunicorn.app.base import BaseApplication


class Served(BaseApplication):
    def load_config(self):
        self.cfg.set("bind", "0.0.0.0:8080")
        self.cfg.set("workers", 2)
        self.cfg.set("worker_class", sys.argv[1])

    def load(self):
        return asgi_app if "uvicorn" in sys.argv[1] else wsgi_app


if __name__ == "__main__":
    Served().run()
