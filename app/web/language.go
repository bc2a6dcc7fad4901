package web

// console is the name of the staff site, whose words are Japanese only.
const console = "console"

// Language is one language of the public site.
type Language struct {
	Code   string // catalogue: ja, ja-easy or en
	Tag    string // value of the lang attribute
	Name   string // its own name, for links
	Prefix string // before every path
}

// Languages lists the languages of the public site in the order of their links.
func Languages() []Language {
	return []Language{
		{Code: "ja", Tag: "ja", Name: "日本語"},
		{Code: "ja-easy", Tag: "ja", Name: "やさしい日本語", Prefix: "/easy"},
		{Code: "en", Tag: "en", Name: "English", Prefix: "/en"},
	}
}

// languageAt is the language mounted at base.
func languageAt(base string) Language {
	for _, l := range Languages() {
		if l.Prefix == base {
			return l
		}
	}
	panic("web: no language has the prefix " + base)
}
