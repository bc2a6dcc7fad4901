// Package postal turns Japanese addresses (住所) into postal codes (郵便番号)
// and back, with the dictionary Japan Post publishes every month.
//
// Its promise: a code is filled in only when the dictionary leaves no doubt;
// everything else comes back as candidates for a person to choose from, and
// the catch-all code of a municipality (以下に掲載がない場合) is never filled
// in. Every code in an answer exists in the dictionary that gave it.
//
// A Dictionary is immutable: look-ups on one go on while the next is loaded.
package postal

// Tier says how far an answer may be trusted.
type Tier string

// The tiers, as the command prints them.
const (
	// Sure answers may be filled in without asking.
	Sure Tier = "sure"
	// Candidates must be shown to a person who chooses.
	Candidates Tier = "candidates"
	// None means that the dictionary knows nothing that fits.
	None Tier = "none"
)

// Why names the rule that produced a candidate; the caller owns the sentence.
type Why string

// The rules, strongest first.
const (
	// WhyTown: the town area (町域) itself has one code.
	WhyTown Why = "town"
	// WhyQualifier: the bracket after the town area (小字, 丁目, 番地, 地割) decided.
	WhyQualifier Why = "qualifier"
	// WhyOther: no bracket of the town area applied, so its その他 row did.
	WhyOther Why = "other"
	// WhyWhole: the municipality has one code for everything (一円).
	WhyWhole Why = "whole"
	// WhyBlock: the lot number follows the municipality directly (の次に番地がくる場合).
	WhyBlock Why = "block"
	// WhyBuilding: a building with codes by floor (階).
	WhyBuilding Why = "building"
	// WhyStreet: a Kyoto address found behind its street names (通り名).
	WhyStreet Why = "street"
	// WhyLoose: found only after ノ, ケ, ツ, 町, 村 and り were left out on both sides.
	WhyLoose Why = "loose"
	// WhyWithin: the town area stands later in the address, not where it belongs.
	WhyWithin Why = "within"
	// WhySimilar: the name differs by one character; never sure.
	WhySimilar Why = "similar"
	// WhySibling: another code of the same town area.
	WhySibling Why = "sibling"
	// WhyArea: the town area is not named; what the municipality has.
	WhyArea Why = "area"
	// WhyMunicipality: the municipality's catch-all code (以下に掲載がない場合).
	WhyMunicipality Why = "municipality"
)

// Default is the municipality to which an address belongs when it does not
// say so itself: the town that runs the system. The zero Default means none.
type Default struct {
	Prefecture   string // 都道府県, for example 青森県
	County       string // 郡, empty for a city
	Municipality string // 市区町村 without its 郡
}

// Candidate is one code together with the place it stands for.
type Candidate struct {
	Code         string // seven digits, no hyphen
	Prefecture   string
	Municipality string // with its 郡, as Japan Post writes it
	Town         string // 町域 as Japan Post writes it, empty for the catch-all
	Why          Why
}

// Answer is what Lookup found. Code is set only when Tier is Sure. Candidates
// then begins with that code and goes on with the other codes of the same
// town area; codes are never repeated.
type Answer struct {
	Code       string
	Tier       Tier
	Candidates []Candidate
}

// Town is one row of the dictionary (町域), or the office that has a code of
// its own (大口事業所).
type Town struct {
	Code         string // seven digits
	Prefecture   string
	Municipality string // with its 郡
	Town         string // as published, brackets included
	Office       string // name of the office, empty for a town area
}

// maxCandidates bounds what a person is asked to read. It is the town areas of
// a small municipality, and more than one town area has codes of its own.
const maxCandidates = 40
