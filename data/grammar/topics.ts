/** What one topic brings: its things, its places, its people and its frames. */
export interface Topic {
	/** Things one can find good or bad: "singular plural". */
	subjects: string[];
	/** Where the thing is: "preposition singular plural". */
	near: string[];
	/** Where that place is: "preposition singular plural". */
	far: string[];
	/** What somebody had (not) done: a participle phrase; {his} is "his" or "her". */
	deeds: string[];
	/** Who else may speak. */
	roles: string[];
	/** Openings of a text, up to the word before the pronoun. */
	encounters: string[];
}

export const topics: Record<string, Topic> = {
	cooking: {
		subjects: list(
			"soup soups, cake cakes, pie pies, stew stews, tart tarts, bun buns, salad salads, roast roasts",
		),
		near: list(
			"in pot pots, on plate plates, on tray trays, in bowl bowls, in pan pans, in box boxes",
		),
		far: list(
			"by oven ovens, near sink sinks, by lamp lamps, near door doors, by jar jars, near window windows, by wall walls",
		),
		deeds: list("burned the toast, washed the pots"),
		roles: list("the cook, the waiter"),
		encounters: [
			"At lunch {who} {verb} {whom} because",
			"At tea {who} {verb} {whom} since",
			"{who} {verb} {whom} over tea because",
			"{who} {verb} {whom} at lunch, for",
			"Over soup {who} {verb} {whom} as",
			"After lunch {who} {verb} {whom} because",
			"Over cake {who} {verb} {whom} since",
			"{who} {verb} {whom} over soup as",
			"After tea {who} {verb} {whom} because",
			"{who} {verb} {whom} over lunch since",
			"Over tea {who} {verb} {whom}, for",
		],
	},
	travel: {
		subjects: list(
			"hotel hotels, inn inns, tent tents, tour tours, boat boats, train trains, taxi taxis, camp camps",
		),
		near: list(
			"at station stations, at port ports, on beach beaches, on hill hills, at bridge bridges, at gate gates",
		),
		far: list(
			"by lake lakes, near river rivers, by tower towers, near church churches, by road roads, near wall walls, by canal canals",
		),
		deeds: list("missed the train, lost the map"),
		roles: list("the driver, the guide"),
		encounters: [
			"In Rome {who} {verb} {whom} because",
			"At sea {who} {verb} {whom} since",
			"{who} {verb} {whom} on tour because",
			"{who} {verb} {whom} in Spain, for",
			"On tour {who} {verb} {whom} as",
			"In Spain {who} {verb} {whom} because",
			"On board {who} {verb} {whom} since",
			"{who} {verb} {whom} in Rome as",
			"In Paris {who} {verb} {whom} because",
			"{who} {verb} {whom} at sea since",
			"Off Spain {who} {verb} {whom}, for",
		],
	},
	music: {
		subjects: list(
			"song songs, tune tunes, solo solos, duet duets, hymn hymns, opera operas, carol carols, march marches",
		),
		near: list(
			"on record records, on tape tapes, on disc discs, on list lists, in book books, in box boxes",
		),
		far: list(
			"by piano pianos, near drum drums, by lamp lamps, near flute flutes, by harp harps, near door doors, by window windows",
		),
		deeds: list("missed the beat, played the drums"),
		roles: list("the singer, the drummer"),
		encounters: [
			"On stage {who} {verb} {whom} because",
			"At choir {who} {verb} {whom} since",
			"{who} {verb} {whom} on stage because",
			"{who} {verb} {whom} at choir, for",
			"After choir {who} {verb} {whom} as",
			"Off stage {who} {verb} {whom} because",
			"In concert {who} {verb} {whom} since",
			"{who} {verb} {whom} off stage as",
			"Before choir {who} {verb} {whom} because",
			"{who} {verb} {whom} in concert since",
			"After songs {who} {verb} {whom}, for",
		],
	},
	sport: {
		subjects: list(
			"match matches, game games, race races, team teams, cup cups, duel duels, contest contests, final finals",
		),
		near: list(
			"in hall halls, at club clubs, on track tracks, in park parks, on lawn lawns, on court courts",
		),
		far: list(
			"near bridge bridges, by river rivers, near tower towers, by canal canals, near school schools, by lake lakes, near church churches",
		),
		deeds: list("lost the ball, missed the goal"),
		roles: list("the judge, the trainer"),
		encounters: [
			"In goal {who} {verb} {whom} because",
			"On ice {who} {verb} {whom} since",
			"{who} {verb} {whom} in goal because",
			"{who} {verb} {whom} on ice, for",
			"At golf {who} {verb} {whom} as",
			"After golf {who} {verb} {whom} because",
			"On skis {who} {verb} {whom} since",
			"{who} {verb} {whom} at golf as",
			"Before golf {who} {verb} {whom} because",
			"{who} {verb} {whom} on skis since",
			"Off ice {who} {verb} {whom}, for",
		],
	},
	school: {
		subjects: list(
			"essay essays, poem poems, test tests, map maps, letter letters, report reports, plan plans, card cards",
		),
		near: list(
			"in book books, on desk desks, on page pages, on board boards, in bag bags, in box boxes",
		),
		far: list(
			"by globe globes, near door doors, by clock clocks, near chair chairs, by lamp lamps, near window windows, by wall walls",
		),
		deeds: list("read the book, passed the test"),
		roles: list("the teacher, the pupil"),
		encounters: [
			"In class {who} {verb} {whom} because",
			"At school {who} {verb} {whom} since",
			"{who} {verb} {whom} in class because",
			"{who} {verb} {whom} at school, for",
			"After class {who} {verb} {whom} as",
			"After school {who} {verb} {whom} because",
			"Before class {who} {verb} {whom} since",
			"{who} {verb} {whom} after class as",
			"Before school {who} {verb} {whom} because",
			"{who} {verb} {whom} after school since",
			"In art {who} {verb} {whom}, for",
		],
	},
	garden: {
		subjects: list(
			"rose roses, tulip tulips, apple apples, plum plums, melon melons, fern ferns, pear pears, bean beans",
		),
		near: list(
			"in bed beds, on path paths, in pot pots, on lawn lawns, under tree trees, in box boxes",
		),
		far: list(
			"by pond ponds, near shed sheds, by well wells, near bench benches, by gate gates, near wall walls, by road roads",
		),
		deeds: list("cut the roses, fed the birds"),
		roles: list("the farmer, the gardener"),
		encounters: [
			"In spring {who} {verb} {whom} because",
			"After rain {who} {verb} {whom} since",
			"{who} {verb} {whom} in spring because",
			"{who} {verb} {whom} after rain, for",
			"In mud {who} {verb} {whom} as",
			"In June {who} {verb} {whom} because",
			"Before rain {who} {verb} {whom} since",
			"{who} {verb} {whom} in June as",
			"Outside {who} {verb} {whom} because",
			"{who} {verb} {whom} outside since",
			"In May {who} {verb} {whom}, for",
		],
	},
};

/** Splits "a, b, c" into its items. */
export function list(text: string): string[] {
	return text.split(",").map((item) => item.trim());
}
