"""Write every suite."""

from scripts.vectors.cases import FOLDER
from scripts.vectors.suites import texts

for name, text in texts().items():
    (FOLDER / f"{name}.json").write_text(text)
