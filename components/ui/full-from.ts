/** From this share on there is hardly any room left: bars are red, unless they say another. */
export const fullFrom = 0.95
