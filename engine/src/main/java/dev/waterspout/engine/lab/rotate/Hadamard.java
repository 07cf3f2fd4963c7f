package dev.waterspout.engine.lab.rotate;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Hadamard matrices: entries of 1 and -1, orthogonal rows. A matrix of order {@code m x 2^k} is the Kronecker product
 * (Sylvester's construction) of one matrix of order m and k matrices of order 2. The matrix of order m is given by
 * Paley's first or second construction over a prime field (R. Paley, On orthogonal matrices, 1933).
 */
final class Hadamard {
    private Hadamard() {}

    /**
     * Returns an orthogonal matrix {@code [n][n]}: a Hadamard matrix whose columns have random signs, divided by the
     * root of n, as in QuaRot (arXiv 2404.00456).
     *
     * @param n the order
     * @param seed seed of the signs
     * @throws IllegalArgumentException if there is no construction for that order; the message names orders nearby
     */
    static double[][] randomized(int n, long seed) {
        int[][] signs = of(n);
        SplittableRandom random = new SplittableRandom(seed);
        double[] column = random.ints(n, 0, 2)
                .mapToDouble(bit -> (2 * bit - 1) / Math.sqrt(n))
                .toArray();
        double[][] matrix = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                matrix[i][j] = signs[i][j] * column[j];
            }
        }
        return matrix;
    }

    /** {@return a Hadamard matrix of an order} */
    static int[][] of(int n) {
        for (int core = n; core >= 1; core /= 2) {
            int[][] matrix = core(core);
            if (matrix.length > 0) {
                while (matrix.length < n) {
                    matrix = doubled(matrix);
                }
                return matrix;
            }
            if (core % 2 != 0) {
                break;
            }
        }
        throw new IllegalArgumentException(
                "no Hadamard matrix of order " + n + " can be made; near it are orders " + near(n));
    }

    private static List<Integer> near(int n) {
        List<Integer> orders = new ArrayList<>();
        IntStream.iterate(n - 1, i -> i >= 1, i -> i - 1)
                .filter(Hadamard::exists)
                .limit(1)
                .forEach(orders::add);
        IntStream.iterate(n + 1, i -> i + 1).filter(Hadamard::exists).limit(1).forEach(orders::add);
        return orders;
    }

    private static boolean exists(int n) {
        for (int core = n; core >= 1; core /= 2) {
            if (core <= 2 || isPaley(core)) {
                return true;
            }
            if (core % 2 != 0) {
                return false;
            }
        }
        return false;
    }

    private static boolean isPaley(int n) {
        return n % 4 == 0 && (isPrime(n - 1) || (isPrime(n / 2 - 1) && (n / 2 - 1) % 4 == 1));
    }

    /** {@return a matrix by one of Paley's constructions, or an empty one if neither has that order} */
    private static int[][] core(int n) {
        if (n == 1) {
            return new int[][] {{1}};
        }
        if (n == 2) {
            return doubled(new int[][] {{1}});
        }
        if (!isPaley(n)) {
            return new int[0][];
        }
        return isPrime(n - 1) ? first(n - 1) : second(n / 2 - 1);
    }

    /** For a prime q with q mod 4 = 3, order q + 1: I + S, where S has the quadratic characters, skew-symmetric. */
    private static int[][] first(int q) {
        int[][] matrix = new int[q + 1][q + 1];
        for (int i = 0; i <= q; i++) {
            for (int j = 0; j <= q; j++) {
                int s = i == 0 && j == 0 ? 0 : i == 0 ? 1 : j == 0 ? -1 : character(i - j, q);
                matrix[i][j] = i == j ? 1 : s;
            }
        }
        return matrix;
    }

    /** For a prime q with q mod 4 = 1, order 2 (q + 1): each entry of the symmetric conference matrix becomes 2 x 2. */
    private static int[][] second(int q) {
        int[][] matrix = new int[2 * (q + 1)][2 * (q + 1)];
        for (int i = 0; i <= q; i++) {
            for (int j = 0; j <= q; j++) {
                int c = i == j ? 0 : i == 0 || j == 0 ? 1 : character(i - j, q);
                int[] block = c == 0 ? new int[] {1, -1, -1, -1} : new int[] {c, c, c, -c};
                matrix[2 * i][2 * j] = block[0];
                matrix[2 * i][2 * j + 1] = block[1];
                matrix[2 * i + 1][2 * j] = block[2];
                matrix[2 * i + 1][2 * j + 1] = block[3];
            }
        }
        return matrix;
    }

    /** {@return 1 for a square modulo the prime q, -1 for another number, 0 for 0} */
    private static int character(int number, int q) {
        int base = Math.floorMod(number, q);
        if (base == 0) {
            return 0;
        }
        // Euler's criterion.
        long power = 1;
        long square = base;
        for (int exponent = (q - 1) / 2; exponent > 0; exponent /= 2) {
            power = exponent % 2 == 1 ? power * square % q : power;
            square = square * square % q;
        }
        return power == 1 ? 1 : -1;
    }

    private static int[][] doubled(int[][] matrix) {
        int n = matrix.length;
        int[][] twice = new int[2 * n][2 * n];
        for (int i = 0; i < 2 * n; i++) {
            for (int j = 0; j < 2 * n; j++) {
                twice[i][j] = (i >= n && j >= n ? -1 : 1) * matrix[i % n][j % n];
            }
        }
        return twice;
    }

    private static boolean isPrime(int n) {
        return n >= 2 && IntStream.rangeClosed(2, (int) Math.sqrt(n)).noneMatch(d -> n % d == 0);
    }
}
