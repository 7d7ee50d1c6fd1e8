import { list } from "./topics";

/** Women's names. No name begins with another one. */
export const women = list(
	"Anna, Emma, Nora, Lucy, Rosa, Ivy, Ruth, Mary, Ella, Nina, Tina, Vera, Zoe, Clara, Laura",
);

/** Men's names. */
export const men = list(
	"Tom, Max, Leo, Ben, Sam, Jack, Karl, Adam, Paul, Luke, Noah, Hugo, Oscar, Peter, David",
);

/** "present past" of verbs whose reason lies with the one who acts: X annoyed Y because X ... */
export const aboutFirst = list(
	"phones phoned, annoys annoyed, amuses amused, bores bored, charms charmed, puzzles puzzled, shocks shocked, amazes amazed, scares scared, pleases pleased, alarms alarmed",
);

/** "present past" of verbs whose reason lies with the other one: X thanked Y because Y ... */
export const aboutSecond = list(
	"thanks thanked, praises praised, blames blamed, scolds scolded, admires admired, envies envied, hugs hugged, trusts trusted, mocks mocked, rewards rewarded, adores adored",
);

/** What may be the reason, on any topic: what the one who acts has done, and what the other one has. */
export const deeds = {
	first: list("called, laughed, cried, left, smiled, lied, moved, danced"),
	second: list(
		"waited, slept, helped, stayed, paid, won, failed, lost {his} hat",
	),
};

/** Speakers who may turn up on any topic. */
export const roles = list("the doctor, a friend, somebody, the mayor");

export const positive = list(
	"good, great, lovely, fine, superb, grand, nice, perfect, divine, ideal, sweet, wonderful, splendid, charming, pleasant, amazing, brilliant, glorious",
);

export const negative = list(
	"bad, poor, dull, grim, nasty, ugly, awful, dire, vile, foul, sad, boring, terrible, horrid, hopeless, dreadful, dismal, shabby",
);

export const negators = list("not, never, hardly");

/** Adjectives that are neither praise nor blame. */
export const neutral = list(
	"cheap, old, new, small, big, rare, simple, famous",
);

/** "present past" of verbs of saying and thinking. */
export const sayings = list(
	"says said, adds added, claims claimed, thinks thought, notes noted, admits admitted, shouts shouted, whispers whispered, sighs sighed, jokes joked",
);

/** What may stand before a word of praise, and before a word of blame. */
export const degrees = {
	positive: list("truly, really, perfectly"),
	negative: list("downright, outright, thoroughly"),
};

/** "after praise|after blame": in what mood somebody does something. */
export const moods = list(
	"happily|sadly, gladly|angrily, cheerfully|grimly, merrily|bitterly",
);
