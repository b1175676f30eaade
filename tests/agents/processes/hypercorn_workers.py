from hypercorn.config import Config
from hypercorn.run import run

if __name__ == "__main__":
    config = Config()
    config.bind = ["0.0.0.0:8080"]
    config.workers = 2
    config.application_path = "app:app"
    run(config)
