/** Why a command can't be given, as its button says; undefined where it can. */
export const whyNot = (answer: true | string): string | undefined => (answer === true ? undefined : answer)
