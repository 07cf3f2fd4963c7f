package dev.waterspout.engine.tokenizer;

import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The names of tokens with which well-known models end a text, a turn or a message. They apply even if the file gives
 * the token another type or role. The list is llama.cpp's.
 */
final class EndNames {
    private static final Set<String> NAMES = Set.of(
            "<|eot_id|>",
            "<|eom_id|>",
            "<|im_end|>",
            "<|end|>",
            "<|return|>",
            "<|call|>",
            "<|calls|>",
            "<|flush|>",
            "<end_of_turn>",
            "<|endoftext|>",
            "<|end_of_text|>",
            "</s>",
            "<eos>",
            "<EOT>",
            "_<EOT>",
            "[EOT]",
            "[EOS]",
            "<end_of_utterance>",
            "<turn|>",
            "<|tool_response>",
            "<\uFF5Cend\u2581of\u2581sentence\uFF5C>",
            "[e~[",
            "<|fim_pad|>",
            "<fim-pad>",
            "<fim_pad>",
            "<PAD>",
            "[PAD]",
            "<|fim_repo|>",
            "<|repo_name|>",
            "<fim-repo>",
            "<REPO>",
            "<reponame>",
            "<|file_sep|>");

    private EndNames() {}

    /**
     * Marks the tokens with such a name.
     *
     * @param tokens the texts of all tokens, by id
     * @param ends receives their ids
     */
    static void find(List<String> tokens, BitSet ends) {
        Set<String> present = new HashSet<>();
        for (String token : tokens) {
            if (NAMES.contains(token)) {
                present.add(token);
            }
        }
        Set<String> absent = endingNothing(present);
        for (int id = 0; id < tokens.size(); id++) {
            String token = tokens.get(id);
            if (present.contains(token)) {
                ends.set(id, !absent.contains(token));
            }
        }
    }

    /** Returns the names that end only a part of a message if certain other names are in the vocabulary. */
    private static Set<String> endingNothing(Set<String> present) {
        Set<String> names = new HashSet<>();
        boolean calls = present.contains("<|call|>") || present.contains("<|calls|>");
        if (calls && (present.contains("<|return|>") || present.contains("<|flush|>"))) {
            names.add("<|end|>");
        }
        if (present.contains("<|tool_response>")) {
            names.add("</s>");
        }
        return names;
    }
}
