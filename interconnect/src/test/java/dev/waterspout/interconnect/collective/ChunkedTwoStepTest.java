package dev.waterspout.interconnect.collective;

/** Messages of at most two rows: the sum is the same. */
class ChunkedTwoStepTest extends TwoStepTest {
    @Override
    int chunkRows(int maxRows) {
        return 2;
    }
}
