package dev.waterspout.engine.generate;

import dev.waterspout.engine.generate.RankThreads.Member;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.gguf.GgufTensor;
import dev.waterspout.interconnect.InterconnectException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;

/**
 * Checks that all processes of a group have the same weights. If all of them read the same file on the same machine,
 * the check reads nothing. Otherwise one rank of each file computes a CRC32C of every tensor, and the digests are
 * compared. Each rank reads only its own part of most tensors, and the ranks' parts have no bytes in common. A rank
 * reads the pages that its own shard needs, and the pages that no other rank of its machine needs.
 */
public final class WeightAgreement {
    /** Bytes after which a heartbeat is sent to the other ranks. */
    private static final long BATCH_BYTES = 1L << 30;

    /** Largest number of bytes of one buffer. */
    private static final long PIECE_BYTES = 1 << 26;

    private WeightAgreement() {}

    /**
     * Compares the weights of all ranks. Called in all processes of a group, after the names and shapes of all tensors
     * were found to be equal.
     *
     * @param threads the ranks of this process
     * @param file the weights
     * @throws InterconnectException on every rank, if a tensor differs from that of rank 0; the message names the rank
     *     and the tensor
     */
    public static void require(RankThreads threads, GgufFile file) {
        threads.run(member -> require(member, file));
    }

    static void require(Member member, GgufFile file) {
        int[][] identities = member.control().share(words(identity(file)));
        if (Arrays.stream(identities).allMatch(each -> Arrays.equals(each, identities[0]))) {
            return;
        }
        List<GgufTensor> tensors = List.copyOf(file.tensors());
        boolean reads = firstWith(identities, member.rank()) == member.rank();
        int[] own = reads ? digests(member, file, tensors) : new int[tensors.size()];
        int[][] shared = member.control().share(own);
        for (int rank = 1; rank < shared.length; rank++) {
            int[] digests = shared[firstWith(identities, rank)];
            int tensor = Arrays.mismatch(digests, shared[0]);
            if (tensor >= 0) {
                throw new InterconnectException("rank " + rank + " has other weights than rank 0: tensor "
                        + tensors.get(tensor).name() + " has the CRC32C " + Integer.toHexString(digests[tensor])
                        + ", and that of rank 0 has " + Integer.toHexString(shared[0][tensor])
                        + "; all ranks need the same file");
            }
        }
    }

    /** {@return the first rank that reads the same file} */
    private static int firstWith(int[][] identities, int rank) {
        return IntStream.rangeClosed(0, rank)
                .filter(other -> Arrays.equals(identities[other], identities[rank]))
                .findFirst()
                .orElse(rank);
    }

    /**
     * {@return the machine, the file's number on it, its size and its time; for a model that is part of this program,
     * its name, because the builds of all ranks are the same} Two processes for which it is the same read the same
     * bytes.
     */
    private static String identity(GgufFile file) {
        Path path = Path.of(file.name());
        if (!Files.isRegularFile(path)) {
            return "embedded " + file.name();
        }
        try {
            BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
            Path boot = Path.of("/proc/sys/kernel/random/boot_id");
            String machine = Files.isReadable(boot)
                    ? Files.readString(boot).strip()
                    : "process " + ProcessHandle.current().pid();
            return machine + " " + attributes.fileKey() + " " + attributes.size() + " " + attributes.lastModifiedTime();
        } catch (IOException unknown) {
            return "process " + ProcessHandle.current().pid();
        }
    }

    private static int[] words(String text) {
        UUID digest = UUID.nameUUIDFromBytes(text.getBytes(StandardCharsets.UTF_8));
        ByteBuffer bytes = ByteBuffer.allocate(2 * Long.BYTES)
                .putLong(digest.getMostSignificantBits())
                .putLong(digest.getLeastSignificantBits())
                .flip();
        int[] words = new int[bytes.remaining() / Integer.BYTES];
        bytes.asIntBuffer().get(words);
        return words;
    }

    private static int[] digests(Member member, GgufFile file, List<GgufTensor> tensors) {
        int[] digests = new int[tensors.size()];
        int from = 0;
        while (from < digests.length) {
            int to = from;
            long bytes = 0;
            while (to < digests.length && bytes < BATCH_BYTES) {
                bytes += file.data(tensors.get(to++)).byteSize();
            }
            IntStream.range(from, to).parallel().forEach(i -> digests[i] = digest(file.data(tensors.get(i))));
            member.transport().alive();
            from = to;
        }
        return digests;
    }

    /** {@return the CRC32C of the bytes} */
    static int digest(MemorySegment data) {
        CRC32C crc = new CRC32C();
        for (long at = 0; at < data.byteSize(); at += PIECE_BYTES) {
            crc.update(data.asSlice(at, Math.min(PIECE_BYTES, data.byteSize() - at))
                    .asByteBuffer());
        }
        return (int) crc.getValue();
    }
}
