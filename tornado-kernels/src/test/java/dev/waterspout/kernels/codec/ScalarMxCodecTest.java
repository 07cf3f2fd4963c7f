package dev.waterspout.kernels.codec;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ScalarMxCodecTest extends AbstractMxCodecTest {
    @Override
    PartialCodec codec(MxFormat format) {
        return new ScalarMxCodec(format);
    }

    @Test
    void isTheReference() {
        assertThat(PartialCodec.reference(WireFormat.parse("e2m1"))).isInstanceOf(ScalarMxCodec.class);
    }
}
