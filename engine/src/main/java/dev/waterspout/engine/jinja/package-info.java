/**
 * Chat templates: the part of the Jinja language that templates of published models use, rendered as Python's jinja2
 * 3.1 does when Hugging Face's {@code transformers} sets it up ({@code trim_blocks}, {@code lstrip_blocks}, a sandbox
 * without mutating methods).
 *
 * <p>Templates come with model files and are not trusted: {@link dev.waterspout.engine.jinja.RenderLimits} bounds the
 * cost of a rendering. Text of a user is marked ({@link dev.waterspout.engine.jinja.MarkedText}) and keeps its mark
 * through every operation, so that it can be tokenized without control tokens.
 */
@NullMarked
package dev.waterspout.engine.jinja;

import org.jspecify.annotations.NullMarked;
