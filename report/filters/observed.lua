-- Says of a statement about a run that it does not hold where its check failed at these settings:
-- [It overshoots.]{.observed check="gan_training.lag"}. A picture whose alternative text states such
-- things names their checks: {fig-alt="…" observed="gan_training.lag"}.
-- The list of what failed also stands on the first page. Named in _quarto.yml at `pre-quarto`; both
-- engines run it before anything of theirs.

local LEAD = 'Does not hold at these settings:'
local failed = {}
local list = io.open 'generated/observations.md'
if list then
  for id in list:read 'a':gmatch '`([%w_]+%.[%w_-]+)`' do failed[id] = true end
  list:close()
end

local function holds(ids)
  for id in ids:gmatch '%S+' do
    if failed[id] then return false end
  end
  return true
end

return {{
  Span = function(span)
    if not span.classes:includes 'observed' then return nil end
    if holds(span.attributes.check or '') then return span.content end
    return pandoc.Inlines {pandoc.Strong(pandoc.Inlines('[' .. LEAD)), pandoc.Space()}
      .. span.content .. {pandoc.Strong {pandoc.Str ']'}}
  end,
  Image = function(image)
    local alt = image.attributes['fig-alt']
    if not image.attributes.observed then return nil end
    if alt and not holds(image.attributes.observed) then
      image.attributes['fig-alt'] = LEAD .. ' ' .. alt
    end
    image.attributes.observed = nil
    return image
  end,
}}
