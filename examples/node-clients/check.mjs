// Checks a running server with the clients of Node: chat, stream, tools, typed answer, error, cancel.
// usage: npm install && node check.mjs [http://127.0.0.1:8080/v1] [API key]
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import {createOpenAI} from '@ai-sdk/openai';
import {createOpenAICompatible} from '@ai-sdk/openai-compatible';
import {generateObject, generateText, streamText, tool} from 'ai';
import {z} from 'zod';

const baseURL = process.argv[2] || 'http://127.0.0.1:8080/v1';
const apiKey = process.argv[3] || 'none';
const prompt = 'We the people of the United States';
const vote = {type: 'object', properties: {yes: {type: 'boolean'}}, required: ['yes'], additionalProperties: false};

async function check(name, body) {
  await body();
  console.log('ok  ' + name);
}

const openai = new OpenAI({baseURL, apiKey, maxRetries: 0});
const messages = [{role: 'user', content: prompt}];
const request = {model: 'any', messages, temperature: 0, max_completion_tokens: 8};

await check('openai: chat and stream', async () => {
  const whole = await openai.chat.completions.create(request);
  let text = '';
  for await (const chunk of await openai.chat.completions.create({...request, stream: true})) {
    text += chunk.choices[0]?.delta?.content || '';
  }
  assert.ok(text);
  assert.equal(text, whole.choices[0].message.content);
});
await check('openai: tools', async () => {
  const reply = await openai.chat.completions.create({
    ...request, max_completion_tokens: 200, tool_choice: 'required', parallel_tool_calls: false,
    tools: [{type: 'function', function: {name: 'vote', parameters: vote}}]});
  assert.equal(typeof JSON.parse(reply.choices[0].message.tool_calls[0].function.arguments).yes, 'boolean');
});
await check('openai: typed answer', async () => {
  const reply = await openai.chat.completions.create({
    ...request, max_completion_tokens: 200,
    response_format: {type: 'json_schema', json_schema: {name: 'vote', schema: vote, strict: true}}});
  assert.equal(typeof JSON.parse(reply.choices[0].message.content).yes, 'boolean');
});
await check('openai: responses', async () => {
  const whole = await openai.responses.create({model: 'any', input: prompt, temperature: 0, max_output_tokens: 8});
  assert.ok(whole.output_text);
});
await check('openai: error', async () => {
  await assert.rejects(openai.chat.completions.create({...request, temperature: 'hot'}), {status: 400});
});
await check('openai: cancel', async () => {
  const stream = await openai.chat.completions.create({...request, max_completion_tokens: 400, stream: true});
  for await (const chunk of stream) {
    if (chunk.choices[0]?.delta?.content) break;
  }
});

for (const [name, model] of [
  ['@ai-sdk/openai, responses', createOpenAI({baseURL, apiKey})('any')],
  ['@ai-sdk/openai, chat', createOpenAI({baseURL, apiKey}).chat('any')],
  ['@ai-sdk/openai-compatible',
    createOpenAICompatible({name: 'waterspout', baseURL, apiKey, supportsStructuredOutputs: true})('any')],
]) {
  await check(name + ': chat and stream', async () => {
    const whole = await generateText({model, prompt, temperature: 0, maxOutputTokens: 8, maxRetries: 0});
    let text = '';
    const stream = streamText({model, prompt, temperature: 0, maxOutputTokens: 8, maxRetries: 0});
    for await (const piece of stream.textStream) text += piece;
    assert.ok(text);
    assert.equal(text, whole.text);
  });
  await check(name + ': tools', async () => {
    const reply = await generateText({
      model, prompt, maxOutputTokens: 400, maxRetries: 0, toolChoice: 'required',
      tools: {vote: tool({description: 'Votes.', inputSchema: z.object({yes: z.boolean()})})}});
    assert.equal(typeof reply.toolCalls[0].input.yes, 'boolean');
  });
  await check(name + ': typed answer', async () => {
    const reply = await generateObject({
      model, prompt, maxOutputTokens: 400, maxRetries: 0, schema: z.object({mood: z.enum(['calm', 'stern'])})});
    assert.ok(['calm', 'stern'].includes(reply.object.mood));
  });
  await check(name + ': error', async () => {
    await assert.rejects(generateText({model, prompt: 'word '.repeat(20000), maxRetries: 0}), {statusCode: 400});
  });
  await check(name + ': cancel', async () => {
    const abort = new AbortController();
    const stream = streamText({model, prompt, maxOutputTokens: 400, abortSignal: abort.signal, onError() {}});
    for await (const piece of stream.textStream) {
      if (piece) abort.abort();
    }
  });
}
