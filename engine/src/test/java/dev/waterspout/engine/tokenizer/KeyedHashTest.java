package dev.waterspout.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KeyedHashTest {
    /** CPython 3.11 hashes bytes with SipHash-1-3 and, under PYTHONHASHSEED=0, with a key of zeros. */
    @ParameterizedTest
    @CsvSource({
        "a,407448d2b89b1813",
        "abcdefg,6db12aae9070f506",
        "abcdefgh,3f7b849c0b8e35ea",
        "abcdefghi,f89b34a3d11eb6e5",
        "the quick brown fox jumps,c98b97e4f70042"
    })
    void equalsTheSipHashOfCPython(String text, String expected) {
        byte[] bytes = ("__" + text + "_").getBytes(StandardCharsets.UTF_8);

        assertThat(KeyedHash.sipHash(0, 0, bytes, 2, bytes.length - 1)).isEqualTo(Long.parseUnsignedLong(expected, 16));
    }

    @Test
    void theKeyChangesTheHash() {
        byte[] bytes = {1, 2, 3};

        assertThat(KeyedHash.sipHash(1, 0, bytes, 0, 3)).isNotEqualTo(KeyedHash.sipHash(0, 1, bytes, 0, 3));
    }

    @Test
    void pairsOfSmallIdsSpreadOverTheLowBits() {
        Set<Integer> slots = new HashSet<>();
        for (int left = 0; left < 64; left++) {
            for (int right = 0; right < 64; right++) {
                slots.add(KeyedHash.of(left, right) & 0xFFFF);
            }
        }

        assertThat(slots).hasSizeGreaterThan(3000);
    }
}
