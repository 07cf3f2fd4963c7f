package dev.waterspout.engine.logits;

import dev.waterspout.engine.plan.Span;
import dev.waterspout.interconnect.collective.RootGather;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * Brings every rank's candidates to rank 0. For each token asked about, a rank sends the words of {@link
 * CandidateLayout}, all of them in one frame.
 */
public final class CandidateGather {
    private final RootGather gather;
    private final List<Span> vocabulary;
    private final CandidateSelection selection = new CandidateSelection();

    /**
     * @param gather moves the frames
     * @param vocabulary rows of the output head of every rank, in rank order
     */
    public CandidateGather(RootGather gather, List<Span> vocabulary) {
        this.gather = gather;
        this.vocabulary = List.copyOf(vocabulary);
    }

    /**
     * Picks this rank's candidates and gathers those of all. Called on all ranks with the same requests.
     *
     * @param requests requests for candidates, one per row
     * @param local this rank's logits
     * @param first row of {@code local} that the first request is about
     * @return the candidates of every row on rank 0, nothing elsewhere
     * @throws dev.waterspout.interconnect.InterconnectException if a rank fails, is late or sends another frame than
     *     expected
     */
    public List<Candidates> gather(List<LogitsRequest> requests, ShareLogits local, int first) {
        int rank = gather.rank();
        int words = words(requests, rank);
        if (rank != RootGather.ROOT) {
            select(requests, local, first, gather.payload(1, words));
            gather.send(1, words);
            return List.of();
        }
        MemorySegment own = MemorySegment.ofArray(new int[words]);
        select(requests, local, first, own);
        int[] columns = new int[gather.size()];
        for (int peer = 0; peer < columns.length; peer++) {
            columns[peer] = words(requests, peer);
        }
        MemorySegment[] answers = gather.receive(1, columns);
        answers[rank] = own;
        return merge(requests, answers);
    }

    /** How many words a rank sends. */
    private int words(List<LogitsRequest> requests, int rank) {
        return requests.stream()
                .mapToInt(request ->
                        CandidateLayout.of(request, vocabulary.get(rank)).words())
                .sum();
    }

    private void select(List<LogitsRequest> requests, ShareLogits local, int first, MemorySegment target) {
        Span rows = vocabulary.get(gather.rank());
        long rowBytes = (long) rows.size() * Float.BYTES;
        long at = 0;
        for (int row = 0; row < requests.size(); row++) {
            CandidateLayout layout = CandidateLayout.of(requests.get(row), rows);
            TopCandidates selected = local.selected(first + row, requests.get(row));
            if (selected != null) {
                CandidateSelection.write(layout, selected, target.asSlice(at));
            } else {
                MemorySegment logits = local.all().asSlice((first + row) * rowBytes, rowBytes);
                selection.write(requests.get(row), layout, logits, target.asSlice(at));
            }
            at += (long) layout.words() * Integer.BYTES;
        }
    }

    private List<Candidates> merge(List<LogitsRequest> requests, MemorySegment[] answers) {
        long[] at = new long[answers.length];
        List<Candidates> merged = new ArrayList<>();
        for (LogitsRequest request : requests) {
            List<Candidates.Answer> ofRow = new ArrayList<>();
            for (int peer = 0; peer < answers.length; peer++) {
                CandidateLayout layout = CandidateLayout.of(request, vocabulary.get(peer));
                long bytes = (long) layout.words() * Integer.BYTES;
                int[] words = answers[peer].asSlice(at[peer], bytes).toArray(ValueLayout.JAVA_INT_UNALIGNED);
                ofRow.add(new Candidates.Answer(layout, MemorySegment.ofArray(words)));
                at[peer] += bytes;
            }
            merged.add(new Candidates(request, ofRow));
        }
        return merged;
    }
}
