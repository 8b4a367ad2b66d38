import { Compass } from 'lucide-react'
import { ButtonLink } from '@/ui/button'
import { Page } from '@/ui/page'
import { Empty } from '@/ui/states'

export function Missing() {
  return (
    <Page title="No such page">
      <Empty icon={Compass} title="There is nothing at this address" action={<ButtonLink href="/">Go to the overview</ButtonLink>}>
        It may have been renamed or removed.
      </Empty>
    </Page>
  )
}
