package public

import (
	"strings"

	"github.com/gin-gonic/gin"

	"madoguchi/app/settings"
	"madoguchi/app/web"
	"madoguchi/store"
)

// look is how the town wants its pages: its colour and its logo (見た目).
type look struct {
	Sheet         string // address of the sheet in its colour; "" for the usual one
	Logo          string // address; "" for none
	Width, Height int    // of the logo on the page
}

// The colours of site.css that the town's takes the place of.
const (
	keyColour   = "#0017c1"
	hoverColour = "#00118f"
)

// StyleSheet is the address of the page's style sheet; "" for the site's own.
func (f frame) StyleSheet() string { return f.Look.Sheet }

// sheetOf is the style sheet in the town's colour; nil for the usual one. What
// the device shows in the dark or in its own colours stays as it is.
func (s *Site) sheetOf(town settings.Settings) (*web.Recoloured, error) {
	if town.Colour == "" || town.Colour == keyColour {
		return nil, nil
	}
	return s.web.Recolour("site.css", keyColour, town.Colour, hoverColour, settings.Darker(town.Colour))
}

func (s *Site) lookOf(town settings.Settings) look {
	var l look
	if sheet, err := s.sheetOf(town); err == nil && sheet != nil {
		l.Sheet = sheet.Address
	}
	if town.Logo.Hash != "" {
		l.Logo = "/look/" + town.Logo.Hash + ".png"
		l.Width, l.Height = town.Logo.Shown()
	}
	return l
}

// lookFile serves the style sheet in the town's colour, and the logo.
func (s *Site) lookFile(c *gin.Context) error {
	var town settings.Settings
	var logo settings.Logo
	hash, isLogo := strings.CutSuffix(c.Param("file"), ".png")
	err := s.store.Read(c, func(tx *store.Tx) (err error) {
		if isLogo {
			logo, err = settings.LogoByHash(tx, hash)
			return err
		}
		town, err = settings.Get(tx)
		return err
	})
	if err != nil {
		return err
	}
	if isLogo {
		return web.Picture(c, "image/png", logo.Body)
	}
	sheet, err := s.sheetOf(town)
	switch {
	case err != nil:
		return err
	case sheet == nil:
		return settings.LogoNotFound
	}
	return s.web.SendRecoloured(c, sheet)
}
