"""FormFactor probe stations with Velox. The twin is in the folder of the same name."""

from tsbench.instruments.driver import DriverDeclaration

DRIVERS = (
    DriverDeclaration(
        name="formfactor_velox", kind="prober", models="FormFactor Velox", model_pattern=r".*VELOX.*",
        driver="tsbench.instruments.formfactor_velox.driver:FormFactorVelox"),
)
