/**
 * The search for wire formats that suit one model: errors of summed partials sort out what cannot win, perplexity on text that
 * was not looked at before decides.
 */
@NullMarked
package dev.waterspout.engine.search;

import org.jspecify.annotations.NullMarked;
