-- The embedded engine's reading of Quarto: what a document means, decided once for PDF and HTML.
-- Each step is a module of its own; they run in this order over Pandoc's parsed document.
package.path = pandoc.path.join {pandoc.path.directory(PANDOC_SCRIPT_FILE), '?.lua'}
  .. ';' .. package.path

return {
  require 'shortcodes',  -- {{< var >}} becomes its value
  require 'refuse',      -- what no later step knows stops the render
  require 'normalize',   -- titles move to where the steps below look for them
  require 'numbering',   -- what carries a number is listed
  require 'references',  -- @label becomes "Kind number", linked
  require 'citations',   -- other citations are taken out
  require 'blocks',      -- theorems, proofs, callouts
  require 'floats',      -- figures, tables, equations, headings
  require 'titles',      -- names as the templates want them
  require 'record',      -- what the driver is told of all this
}
