// Reads bodies by validators that others publish, and prints what is wrong with each, as a list of texts. It is given a file with a list of
// bodies of one type of channel.
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import cards from "adaptivecards/dist/adaptivecards.js";
import { IncomingWebhookRequestPartialSchema } from "discord-api-spec/zod";
import * as zod from "zod/mini";

// Without a language a fault is no more than an invalid input.
zod.config(zod.locales.en());

// Discord's own OpenAPI document. What it does not know is dropped.
function discord(body) {
    const read = IncomingWebhookRequestPartialSchema.safeParse(body);
    if (!read.success) return read.error.issues.map((issue) => `${issue.path.join("/")}: ${issue.message}`);
    return isDeepStrictEqual(read.data, body) ? [] : [`unknown fields: only ${JSON.stringify(read.data)} is read`];
}

// Microsoft's renderer of Adaptive Cards.
function teams(body) {
    const card = new cards.AdaptiveCard();
    const context = new cards.SerializationContext(cards.Versions.v1_4);
    card.parse(body, context);
    const seen = Array.from({ length: context.eventCount }, (_, number) => context.getEventAt(number));
    return [...seen, ...card.validateProperties().validationEvents].map((event) => event.message);
}

const [type, path] = process.argv.slice(2);
console.log(JSON.stringify(JSON.parse(readFileSync(path, "utf8")).map({ discord, teams }[type])));
