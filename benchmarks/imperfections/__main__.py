"""Write the page of imperfections: ``python -m benchmarks.imperfections``."""

from benchmarks.imperfections.page import PAGE, contents

if __name__ == "__main__":
    PAGE.write_text(contents(), "utf-8")
    print(f"{PAGE.name} is written")
