-- Tells the driver what this chapter holds: the chapter's template prints it behind the text.
local common = require 'common'

return {
  Pandoc = function(doc)
    doc.meta['quarto-record'] = common.raw(pandoc.json.encode(common.record))
    return doc
  end,
}
