package dev.waterspout.engine.logits;

import dev.waterspout.engine.plan.Span;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The ranks of a group with their logits of a token, without a transport between them. */
public final class CandidateRanks {
    private final CandidateSelection selection = new CandidateSelection();
    private final List<Span> vocabulary = new ArrayList<>();
    private float[] logits = {};

    /** @param ends end of each rank's rows of the output head; the last one is the number of rows */
    public CandidateRanks(int... ends) {
        int from = 0;
        for (int end : ends) {
            vocabulary.add(new Span(from, end));
            from = end;
        }
    }

    /** Stores the logits of the next token. */
    public void hold(float... all) {
        logits = all.clone();
    }

    /** Returns the candidates that rank 0 receives. */
    public Candidates answer(LogitsRequest request) {
        LogitsRequest travelled = LogitsRequest.ofWords(request.toWords());
        List<Candidates.Answer> answers = new ArrayList<>();
        for (Span rows : vocabulary) {
            CandidateLayout layout = CandidateLayout.of(travelled, rows);
            MemorySegment words = MemorySegment.ofArray(new int[layout.words()]);
            MemorySegment local = MemorySegment.ofArray(Arrays.copyOfRange(logits, rows.from(), rows.to()));
            selection.write(travelled, layout, local, words);
            answers.add(new Candidates.Answer(layout, words));
        }
        return new Candidates(request, answers);
    }

    /** Returns the number of 32-bit words that each rank sends. */
    public int[] words(LogitsRequest request) {
        return vocabulary.stream()
                .mapToInt(rows -> CandidateLayout.of(request, rows).words())
                .toArray();
    }
}
