"""RODAS4(3): coefficients of the Rosenbrock method that integrates every circuit.

Six stages, order 4 with an embedded order 3, L-stable and stiffly accurate, for index-1 equations M y' = f(t, y)
with a constant, singular M. E. Hairer, G. Wanner, "Solving Ordinary Differential Equations II", 2nd edition,
Springer 1996, section IV.7 (method) and VI.4 (RODAS and its continuous output). The order is checked by
``tests/simulated_backends/circuit/test_order.py``.

Form used (u_1 to u_6: the transformed stages of the method, d: 1 for differential rows, 0 for algebraic ones). The code
calls them u: elsewhere in the simulation a stage is the output stage of a source meter::

    (d/(h gamma) - J) u_i = f(t + c_i h, y + sum_j a_ij u_j) + d sum_j (C_ij/h) u_j + h g_i df/dt
    y1 = y + sum_j a_6j u_j + u_6,     error = u_6
    y(t + s h) = y (1 - s) + s [y1 + (1 - s) (p + s q)],   p = sum_j D2_j u_j,   q = sum_j D3_j u_j
"""

GAMMA = 0.25

C2, C3, C4 = 0.386, 0.21, 0.63   # c5 = c6 = 1
G1, G2, G3, G4 = 0.25, -0.1043, 0.1035, -0.0362   # g5 = g6 = 0

A21 = 1.544
A31, A32 = 0.9466785280815826, 0.2557011698983284
A41, A42, A43 = 3.314825187068521, 2.896124015972201, 0.9986419139977817
A51, A52, A53, A54 = 1.221224509226641, 6.019134481288629, 12.53708332932087, -0.6878860361058950
# a6j = a5j and a65 = 1; the solution adds u_6 to that

C21 = -5.6688
C31, C32 = -2.430093356833875, -0.2063599157091915
C41, C42, C43 = -0.1073529058151375, -9.594562251023355, -20.47028614809616
C51, C52, C53, C54 = 7.496443313967647, -10.24680431464352, -33.99990352819905, 11.70890893206160
C61, C62, C63, C64, C65 = (
    8.083246795921522, -7.981132988064893, -31.52159432874371, 16.31930543123136, -6.058818238834054)

D21, D22, D23, D24, D25 = (
    10.12623508344586, -7.487995877610167, -34.80091861555747, -7.992771707568823, 1.025137723295662)
D31, D32, D33, D34, D35 = (
    -0.6762803392801253, 6.087714651680015, 16.43084320892478, 24.76722511418386, -6.594389125716872)
